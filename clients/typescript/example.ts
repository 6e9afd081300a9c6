// Sends a text, and lists what became of the last ones: type-checked with the client, and run, as an example of it.

import { portal, sending, type Options } from "./waybill.ts";

export async function sendOne(options: Options, sender: string, recipient: string): Promise<string> {
  const { data, error } = await sending(options).POST("/v1/messages", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { sender, recipients: [recipient], text: "Your bread is ready." },
  });
  if (error) {
    throw new Error(`${error.code}: ${error.detail}`);
  }
  return `${data.messages.length} sent for ${data.total} ${data.currency}`;
}

export async function companies(options: Options): Promise<string[]> {
  const { data, error } = await portal(options).GET("/v1/companies", { params: { query: {} } });
  if (error) {
    throw new Error(`${error.code}: ${error.detail}`);
  }
  return data.items.map((company) => `${company.name} (${company.kind})`);
}

export async function lastMessages(options: Options): Promise<Array<[id: string, status: string]>> {
  const { data, error } = await sending(options).GET("/v1/messages", { params: { query: { limit: 10 } } });
  if (error) {
    throw new Error(`${error.code}: ${error.detail}`);
  }
  return data.items.map((message) => [message.id, message.status]);
}
