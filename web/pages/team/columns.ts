/** The columns of the list of a team's people. */
import { html, nothing, type TemplateResult } from "lit";

import "../../components/badge.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import type { Member, Role } from "../../state/members.ts";
import { session } from "../../state/session.ts";

const ROLES: Record<Role, { label: string; rank: number }> = {
  owner: { label: "Owner", rank: 0 },
  admin: { label: "Admin", rank: 1 },
  member: { label: "Member", rank: 2 },
};

export const renderRole = (role: Role): TemplateResult =>
  html`<wr-badge tone=${role === "owner" ? "accent" : "plain"}>${ROLES[role].label}</wr-badge>`;

export const isSelf = ({ user_id: id }: Member): boolean => id === session.person?.userId;

const renderName = (member: Member): TemplateResult =>
  html`<span title=${member.name}>${member.name}</span>
    ${isSelf(member) ? html`<wr-badge tone="good">you</wr-badge>` : nothing}
    ${member.is_disabled ? html`<wr-badge tone="warn" title="Cannot sign in just now">disabled</wr-badge>` : nothing}`;

export const MEMBER_COLUMNS: readonly Column<Member>[] = [
  {
    key: "name",
    label: "Name",
    width: "minmax(8rem, 1.4fr)",
    narrow: "title",
    render: renderName,
    sortBy: ({ name }) => name,
  },
  {
    key: "email",
    label: "Email",
    width: "minmax(9rem, 1.8fr)",
    narrow: "details",
    render: ({ email }) => html`<span title=${email}>${email}</span>`,
    sortBy: ({ email }) => email,
  },
  {
    key: "role",
    label: "Role",
    width: "minmax(5.5rem, 0.6fr)",
    narrow: "aside",
    render: ({ role }) => renderRole(role),
    sortBy: ({ role }) => ROLES[role].rank,
  },
  {
    key: "joined",
    label: "Joined",
    width: "minmax(5.5rem, 0.6fr)",
    narrow: "nowhere",
    render: ({ joined_at: at }) => html`<wr-time value=${at}></wr-time>`,
    sortBy: ({ joined_at: at }) => Date.parse(at),
  },
];
