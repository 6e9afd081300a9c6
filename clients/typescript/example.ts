// Sends a text, and lists what became of the last ones: type-checked with the client, as an example of it.

import { portal, sending } from "./waybill.ts";

const options = { baseUrl: "https://waybill.example", apiKey: "waybill_…" };

export async function sendOne(recipient: string): Promise<string> {
  const { data, error } = await sending(options).POST("/v1/messages", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { sender: "BAKERY", recipients: [recipient], text: "Your bread is ready." },
  });
  if (error) {
    throw new Error(`${error.code}: ${error.detail}`);
  }
  return `${data.messages.length} sent for ${data.total} ${data.currency}`;
}

export async function companies(): Promise<string[]> {
  const { data, error } = await portal(options).GET("/v1/companies", { params: { query: {} } });
  if (error) {
    throw new Error(`${error.code}: ${error.detail}`);
  }
  return data.items.map((company) => `${company.name} (${company.kind})`);
}

export async function lastMessages(): Promise<Array<[id: string, status: string]>> {
  const { data, error } = await sending(options).GET("/v1/messages", { params: { query: { limit: 10 } } });
  if (error) {
    throw new Error(`${error.code}: ${error.detail}`);
  }
  return data.items.map((message) => [message.id, message.status]);
}
