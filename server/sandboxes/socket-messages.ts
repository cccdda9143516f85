/** What clients say on the exec and terminal sockets, apart from bytes. */
import type { TObject } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Static, t } from "elysia";

import { invalidRequest } from "../errors.ts";
import { CommandFields } from "./exec-routes.ts";
import type { AuthMessage } from "./socket-session.ts";

const strict = { additionalProperties: false };

const Auth = t.Object(
  { type: t.Literal("auth"), token: t.Optional(t.String()), api_key: t.Optional(t.String()) },
  strict,
);

const Side = t.Integer({ minimum: 1, maximum: 65_535 });
const Tag = t.String({ minLength: 1, maxLength: 128 });

const ExecMessages = {
  auth: Auth,
  start: t.Object({ type: t.Literal("start"), ...CommandFields }, strict),
  eof: t.Object({ type: t.Literal("eof") }, strict),
  stop: t.Object(
    { type: t.Literal("stop"), signal: t.Optional(t.UnionEnum(["SIGTERM", "SIGKILL"])) },
    strict,
  ),
};

const PtyMessages = {
  auth: Auth,
  start: t.Object(
    {
      type: t.Literal("start"),
      ...CommandFields,
      cmd: t.Optional(CommandFields.cmd),
      cols: Side,
      rows: Side,
      tag: t.Optional(Tag),
    },
    strict,
  ),
  connect: t.Object({ type: t.Literal("connect"), tag: Tag, user: CommandFields.user }, strict),
  resize: t.Object({ type: t.Literal("resize"), cols: Side, rows: Side }, strict),
  kill: t.Object({ type: t.Literal("kill") }, strict),
};

export type ExecMessage =
  Static<typeof ExecMessages.start> | Static<typeof ExecMessages.eof> | Static<typeof ExecMessages.stop>;

export type PtyMessage =
  | Static<typeof PtyMessages.start>
  | Static<typeof PtyMessages.connect>
  | Static<typeof PtyMessages.resize>
  | Static<typeof PtyMessages.kill>;

const check = (schemas: Record<string, TObject>, message: unknown): void => {
  const type = typeof message === "object" && message !== null && "type" in message ? message.type : null;
  const schema = typeof type === "string" && Object.hasOwn(schemas, type) ? schemas[type] : undefined;
  if (!schema) {
    throw invalidRequest("type", "enum", `type: expected one of ${Object.keys(schemas).join(", ")}.`);
  }
  const error = Value.Errors(schema, message).First();
  if (!error) return;
  const field = error.path.slice(1).replaceAll("/", ".") || "message";
  throw invalidRequest(field, "type", `${field}: ${error.message}.`);
};

/** Throws 400 for anything else. */
export const readExecMessage = (message: unknown): ExecMessage | AuthMessage => {
  check(ExecMessages, message);
  return message as ExecMessage | AuthMessage;
};

/** Throws 400 for anything else. */
export const readPtyMessage = (message: unknown): PtyMessage | AuthMessage => {
  check(PtyMessages, message);
  return message as PtyMessage | AuthMessage;
};
