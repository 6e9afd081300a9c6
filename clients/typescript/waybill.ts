// Clients of both APIs. The types are generated from their OpenAPI documents, see README.md.

import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { paths as PortalPaths } from "./portal-api.ts";
import type { paths as SendingPaths } from "./send-api.ts";

export type { components as PortalTypes } from "./portal-api.ts";
export type { components as SendingTypes } from "./send-api.ts";

export interface Options {
  /** `https://waybill.example`, without a slash at the end. */
  baseUrl: string;
  /** `waybill_…`. */
  apiKey: string;
}

/** Answers and errors are JSON; what the APIs also have as CSV is for `fetch` itself. */
type Media = "application/json" | "application/problem+json";

/** How often a request is sent again that was one too many, or whose outcome is unknown. */
const TRIES_MAX = 3;

/** Companies, agreements, credits, invoices and all that the portals do. */
export function portal(options: Options): Client<PortalPaths, Media> {
  return client<PortalPaths>(options);
}

/** Messages. */
export function sending(options: Options): Client<SendingPaths, Media> {
  return client<SendingPaths>(options);
}

function client<Paths extends {}>({ baseUrl, apiKey }: Options): Client<Paths, Media> {
  const made = createClient<Paths, Media>({ baseUrl, headers: { Authorization: `Bearer ${apiKey}` } });
  made.use(patience());
  return made;
}

/** Waits as long as `Retry-After` says. What moves money or sends has an `Idempotency-Key`, so a repeat is safe. */
function patience(): Middleware {
  const copies = new Map<string, Request>();
  return {
    onRequest({ id, request }) {
      copies.set(id, request.clone());
    },
    async onResponse({ id, response }) {
      const copy = copies.get(id);
      copies.delete(id);
      let last = response;
      for (let tries = 1; copy && tries < TRIES_MAX && mayTryAgain(copy, last); tries++) {
        const seconds = Number(last.headers.get("Retry-After") ?? "1");
        await new Promise((wake) => setTimeout(wake, seconds * 1000));
        last = await fetch(copy.clone());
      }
      return last;
    },
  };
}

function mayTryAgain(request: Request, response: Response): boolean {
  const isRepeatable = request.method !== "POST" || request.headers.has("Idempotency-Key");
  return response.status === 429 || (response.status === 503 && isRepeatable);
}
