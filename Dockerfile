# One image for the edge, the router and the admin CLI. Node is the oldest that package.json allows.
# docs/deploy.md says how to pin it by its digest.
ARG NODE_IMAGE=node:26.13.1-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages hold another Node, for machines whose own is too old.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

# What the programs do not need: package managers, of Node and of the system's sources.
FROM ${NODE_IMAGE} AS runtime
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/share/man /opt/yarn-* \
  /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg

# Its files alone: what was removed is in no layer.
FROM scratch
COPY --from=runtime / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
# .dockerignore names what comes along.
COPY . .
# The user "node" by its number, by which Kubernetes sees that it is not root.
USER 1000:1000
EXPOSE 8080 8081 8090 9081 50051
# For an edge; the router's service asks its own port. A port with TLS is asked by node start/ask-health.ts https://...
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
  CMD ["packaging/container/probe.sh", "http://127.0.0.1:9081/healthz"]
CMD ["node", "edge/main.ts"]
