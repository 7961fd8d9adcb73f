# One image for the edge, the router and the admin CLI. Node is the oldest that package.json allows.
FROM node:26.13.1-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages hold another Node, for machines whose own is too old.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:26.13.1-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
# .dockerignore keeps tests, tools and the demo site out.
COPY . .
USER node
EXPOSE 8080 8081 8090 9081 50051
# For an edge; the router's service asks its own port.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["node", "start/ask-health.ts", "http://127.0.0.1:9081/healthz"]
CMD ["node", "edge/main.ts"]
