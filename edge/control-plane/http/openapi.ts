import { z } from "zod";
import manifest from "../../../package.json" with { type: "json" };
import { topOrders } from "../../cache/top-requests.ts";
import {
  drainAnswer,
  edgesAnswer,
  explainAnswer,
  findingsAnswer,
  forgetAnswer,
  originsAnswer,
  problemAnswer,
  purgeAnswer,
  purgesAnswer,
  reloadAnswer,
  statsAnswer,
  topAnswer,
} from "./answers.ts";
import { purgeBody } from "./purge-body.ts";

const REFUSALS = {
  400: "Something in the request breaks a rule.",
  401: "The token is missing or wrong.",
  403: "The certificate has no name that may, or a page of another site asks.",
  404: "There is none.",
  409: "The state of the fleet does not allow it now.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  429: "Too many calls; try again later.",
  503: "The purge log does not answer.",
} as const;

/** What a caller may read in place of a manual: OpenAPI 3.1.0, whose schemas are JSON Schema 2020-12. */
export const openApi = {
  openapi: "3.1.0",
  info: {
    title: "edgeCache control",
    version: manifest.version,
    description: "The control plane of one edge by HTTP. It does what the same calls by gRPC do.",
  },
  // RFC 6750 section 2.1. Without a token, whoever is on the edge's machine may call.
  security: [{ token: [] }, { certificate: [] }, {}],
  components: {
    securitySchemes: {
      token: { type: "http", scheme: "bearer" },
      certificate: { type: "mutualTLS" },
    },
  },
  paths: {
    "/purge": {
      post: {
        summary: "Purge on every edge and wait for the receipts",
        parameters: [
          {
            name: "Idempotency-Key",
            in: "header",
            description: "The id of the purge: an id is purged once.",
            schema: { type: "string" },
          },
        ],
        requestBody: { required: true, content: json(purgeBody) },
        responses: {
          200: answer(
            "Every edge has applied the purge or is fenced; or a dry run has counted.",
            purgeAnswer,
          ),
          202: answer("The purge is accepted, and not every edge has said so yet.", purgeAnswer),
          503: answer("The purge log has rejected it or does not answer: see outcome.", purgeAnswer),
          ...refusals(400, 401, 403, 413, 415, 429),
        },
      },
    },
    "/purges": {
      get: {
        summary: "The latest purges, the newest first",
        parameters: [query("limit", "At most so many, 1 to 1000 (20).", { type: "integer" })],
        responses: { 200: answer("As `admin-cli purges --json`.", purgesAnswer), ...refusals(400, 401, 403) },
      },
    },
    "/stats": {
      get: {
        summary: "The counters of this edge",
        responses: {
          200: answer("As `admin-cli stats --json`, of this edge.", statsAnswer),
          ...refusals(400, 401, 403),
        },
      },
    },
    "/top": {
      get: {
        summary: "The URLs that this edge is asked for most, and what would make more of them hits",
        parameters: [
          query("by", "What the rows are sorted by.", { type: "string", enum: topOrders }),
          query("limit", "At most so many, 1 to 100 (20).", { type: "integer" }),
        ],
        responses: {
          200: answer("As `admin-cli top --json`, of this edge.", topAnswer),
          ...refusals(400, 401, 403),
        },
      },
    },
    "/edges": {
      get: {
        summary: "The edges of the heartbeat table",
        responses: { 200: answer("As `admin-cli edges --json`.", edgesAnswer), ...refusals(400, 401, 403) },
      },
    },
    "/edges/{edge}": {
      delete: {
        summary: "Forget an edge that is gone for good",
        parameters: [{ name: "edge", in: "path", required: true, schema: { type: "string" } }],
        responses: {
          200: answer("It is forgotten.", forgetAnswer),
          ...refusals(400, 401, 403, 404, 409, 503),
        },
      },
    },
    "/explain": {
      get: {
        summary: "How this edge would answer a URL, and why",
        parameters: [
          { ...query("url", "A path, or a full URL.", { type: "string" }), required: true },
          query("field", "A request field, `Name: value`; may be repeated.", {
            type: "array",
            items: { type: "string" },
          }),
        ],
        responses: {
          200: answer("As `admin-cli explain --json`.", explainAnswer),
          ...refusals(400, 401, 403),
        },
      },
    },
    "/findings": {
      get: {
        summary: "What is wrong, or soon will be, at this edge",
        responses: {
          200: answer("As `admin-cli doctor --json`, of this edge.", findingsAnswer),
          ...refusals(400, 401, 403),
        },
      },
    },
    "/origins": {
      get: {
        summary: "Whether this edge reaches the origin of each site",
        responses: { 200: answer("One row for each site.", originsAnswer), ...refusals(400, 401, 403) },
      },
    },
    "/reload": {
      post: {
        summary: "Read the settings and certificates of this edge again",
        responses: {
          200: answer("As `admin-cli reload --json`, of this edge.", reloadAnswer),
          ...refusals(401, 403, 409),
        },
      },
    },
    "/drain": {
      post: {
        summary: "Take this edge out of service: routers send it requests only while no other edge serves",
        responses: { 200: answer("What it says of itself now.", drainAnswer), ...refusals(401, 403) },
      },
    },
    "/undrain": {
      post: {
        summary: "Put this edge back into service",
        responses: { 200: answer("What it says of itself now.", drainAnswer), ...refusals(401, 403) },
      },
    },
  },
} as const;

function json(schema: z.ZodType, type = "application/json") {
  const { $schema: _, ...bare } = z.toJSONSchema(schema);
  return { [type]: { schema: bare } };
}

function answer(description: string, schema: z.ZodType) {
  return { description, content: json(schema) };
}

function refusals(...statuses: readonly (keyof typeof REFUSALS)[]) {
  const problem = (status: keyof typeof REFUSALS) => ({
    description: REFUSALS[status],
    content: json(problemAnswer, "application/problem+json"),
  });
  return Object.fromEntries(statuses.map((status) => [status, problem(status)]));
}

function query(name: string, description: string, schema: Readonly<Record<string, unknown>>) {
  return { name, in: "query", description, schema };
}
