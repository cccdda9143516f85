/** An audit event as a sentence: what follows the actor. Texts of others are text, ids are ids. */
import { html, nothing, type TemplateResult } from "lit";

import "../../components/copy.ts";
import type { AuditRow } from "../../state/audit.ts";
import { shortId } from "../../text/format.ts";
import { sandboxHref } from "../sandboxes/columns.ts";
import { describeReason } from "../sandboxes/status.ts";

/** A person's name by id, where it is known. */
export type NameOf = (userId: string) => string | null;

type Say = (row: AuditRow, nameOf: NameOf) => TemplateResult;

const metadataText = ({ metadata }: AuditRow, name: string): string => {
  const value: unknown = Reflect.get(metadata as object, name);
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};

const strong = (text: string): TemplateResult => html`<b>${text}</b>`;

const sandbox = (id: string | null): TemplateResult =>
  id === null
    ? html`a sandbox`
    : html`<wr-id label="sandbox" value=${id} href=${sandboxHref({ id })}></wr-id>`;

const thing = ({ resource_id: id }: AuditRow, kind: string): TemplateResult =>
  id === null ? html`a ${kind}` : html`the ${kind} <wr-id label=${kind} value=${id}></wr-id>`;

const because = (row: AuditRow): TemplateResult | typeof nothing => {
  const reason = metadataText(row, "reason");
  return reason === "" ? nothing : html`: ${describeReason(reason)}`;
};

const through = (row: AuditRow): TemplateResult | typeof nothing => {
  const provider = metadataText(row, "provider");
  return provider === "" ? nothing : html` through ${strong(provider)}`;
};

const person = (id: string | null, nameOf: NameOf): TemplateResult =>
  strong(id === null ? "somebody" : (nameOf(id) ?? shortId(id)));

/** Whom it happened to: by address where the event has it. */
const whom = (row: AuditRow, nameOf: NameOf): TemplateResult => {
  const email = metadataText(row, "email");
  return email === "" ? person(row.resource_id, nameOf) : strong(email);
};

const ofSandbox =
  (verb: string): Say =>
  (row) =>
    html`${verb} ${sandbox(row.resource_id)}${because(row)}`;

const ofThing =
  (verb: string, kind: string): Say =>
  (row) =>
    html`${verb} ${thing(row, kind)}${because(row)}`;

const ofSnapshot =
  (verb: string): Say =>
  (row) =>
    html`${verb} the snapshot ${strong(row.resource_id ?? "")}`;

const ofKey =
  (verb: string): Say =>
  (row) =>
    html`${verb} the API key ${strong(metadataText(row, "name"))}`;

/** Somebody may do it to themselves. */
const ofUser =
  (own: string, other: string): Say =>
  (row, nameOf) =>
    row.actor_id === row.resource_id ? html`${own}` : html`${other} ${whom(row, nameOf)}`;

const SENTENCES: Readonly<Record<string, Say>> = {
  "sandbox.create": (row) =>
    row.status === "error"
      ? html`could not launch ${sandbox(row.resource_id)}${because(row)}`
      : html`launched ${sandbox(row.resource_id)} from ${strong(metadataText(row, "template"))}`,
  "sandbox.pause": ofSandbox("paused"),
  "sandbox.resume": ofSandbox("resumed"),
  "sandbox.fork": (row) =>
    html`forked ${sandbox(metadataText(row, "source") || null)} into ${sandbox(row.resource_id)}`,
  "sandbox.destroy": ofSandbox("deleted"),
  "sandbox.missing": ofSandbox("lost sight of"),
  "sandbox.lost": ofSandbox("gave up"),
  "sandbox.crashed": ofSandbox("saw the end of"),
  "sandbox.returned": ofSandbox("found again"),
  "snapshot.create": ofSnapshot("made"),
  "snapshot.delete": ofSnapshot("deleted"),
  "team.create": () => html`founded the team`,
  "team.rename": (row) =>
    html`renamed the team from ${strong(metadataText(row, "old_name"))} to
    ${strong(metadataText(row, "new_name"))}`,
  "team.delete": ofThing("deleted", "team"),
  "team.set_byoc": (row) =>
    html`turned own hosts ${Reflect.get(row.metadata as object, "enabled") === true ? "on" : "off"} for
    ${thing(row, "team")}`,
  "team.set_limits": ofThing("set the limits of", "team"),
  "team.transfer_ownership": (row, nameOf) =>
    html`handed the team over to ${person(metadataText(row, "new_owner") || null, nameOf)}`,
  "api_key.create": ofKey("made"),
  "api_key.revoke": ofKey("revoked"),
  "member.add": (row, nameOf) => html`added ${whom(row, nameOf)} as ${metadataText(row, "role")}`,
  "member.remove": (row, nameOf) => html`removed ${whom(row, nameOf)} from the team`,
  "member.leave": () => html`left the team`,
  "member.role_update": (row, nameOf) =>
    html`made ${whom(row, nameOf)} ${strong(metadataText(row, "new_role"))}`,
  "host.create": ofThing("registered", "host"),
  "host.delete": ofThing("deleted", "host"),
  "host.token_issue": ofThing("issued a token for", "host"),
  "host.drain": ofThing("drained", "host"),
  "host.undrain": ofThing("put back to use", "host"),
  "host.marked_down": ofThing("lost contact with", "host"),
  "host.marked_up": ofThing("heard again from", "host"),
  "user.signup": (row, nameOf) =>
    metadataText(row, "by") === "admin"
      ? html`made an account for ${whom(row, nameOf)}`
      : html`signed up as ${whom(row, nameOf)}${through(row)}`,
  "user.login": (row) => html`signed in${through(row)}`,
  "user.login_failed": (row) =>
    html`refused a sign-in as ${strong(metadataText(row, "email"))}${because(row)}`,
  "user.password_change": ofUser("changed their password", "changed the password of"),
  "user.session_revoke": ofUser("ended sessions of their own", "ended sessions of"),
  "user.identity_link": (row) => html`connected a login${through(row)}`,
  "user.identity_unlink": (row) => html`disconnected a login${through(row)}`,
  "user.disable": ofUser("disabled their account", "disabled"),
  "user.enable": ofUser("enabled their account", "enabled"),
  "user.admin_grant": ofUser("became a platform admin", "gave admin rights to"),
  "user.admin_revoke": ofUser("gave up admin rights", "took admin rights from"),
  "user.reset_link": ofUser("made a link to set their password", "made a link to set the password of"),
};

/** An event of a newer server: its words as they are. */
const sayPlainly: Say = (row) =>
  html`${row.action.replaceAll("_", " ")}: ${row.resource_type.replaceAll("_", " ")}
  ${strong(row.resource_id ?? "")}`;

export const sayWhat: Say = (row, nameOf) =>
  (SENTENCES[`${row.resource_type}.${row.action}`] ?? sayPlainly)(row, nameOf);
