import { Value } from "@sinclair/typebox/value";
/** What a client says on an exec WebSocket, apart from the bytes of its input. */
import { type Static, t } from "elysia";

import { invalidRequest } from "../errors.ts";
import { CommandFields } from "./exec-routes.ts";

const strict = { additionalProperties: false };

const ClientMessages = {
  auth: t.Object(
    { type: t.Literal("auth"), token: t.Optional(t.String()), api_key: t.Optional(t.String()) },
    strict,
  ),
  start: t.Object({ type: t.Literal("start"), ...CommandFields }, strict),
  eof: t.Object({ type: t.Literal("eof") }, strict),
  stop: t.Object(
    { type: t.Literal("stop"), signal: t.Optional(t.UnionEnum(["SIGTERM", "SIGKILL"])) },
    strict,
  ),
};

export type ClientMessage =
  | Static<typeof ClientMessages.auth>
  | Static<typeof ClientMessages.start>
  | Static<typeof ClientMessages.eof>
  | Static<typeof ClientMessages.stop>;

/** Throws 400 for anything else. */
export const readClientMessage = (message: unknown): ClientMessage => {
  const type = typeof message === "object" && message !== null && "type" in message ? message.type : null;
  const known = Object.entries(ClientMessages).find(([name]) => name === type);
  if (!known) {
    throw invalidRequest("type", "enum", `type: expected one of ${Object.keys(ClientMessages).join(", ")}.`);
  }
  const [, schema] = known;
  const error = Value.Errors(schema, message).First();
  if (!error) return message as ClientMessage;
  const field = error.path.slice(1).replaceAll("/", ".") || "message";
  throw invalidRequest(field, "type", `${field}: ${error.message}.`);
};
