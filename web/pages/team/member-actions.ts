/** What can be done with somebody in the team, from their row. */
import { askConfirm } from "../../components/confirm.ts";
import type { MenuEntry } from "../../components/menu.ts";
import {
  type GrantedRole,
  type Member,
  removeMember,
  type Role,
  setMemberRole,
} from "../../state/members.ts";
import { type Team, transferTeam } from "../../state/teams.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { isSelf } from "./columns.ts";
import { OWNER_ONLY, OWNER_STAYS, whyNotManage } from "./roles.ts";

const trying = async (work: () => Promise<unknown>, done: string): Promise<void> => {
  try {
    await work();
    showToast(done);
  } catch (error) {
    showFailure(error);
  }
};

const changeRole = async (member: Member, role: GrantedRole): Promise<void> => {
  if (isSelf(member) && role === "member") {
    const agreed = await askConfirm({
      heading: "Give up your admin rights?",
      text: "You can take them back only if an owner or admin makes you one again.",
      action: "Become a member",
    });
    if (!agreed) return;
  }
  await trying(() => setMemberRole(member.user_id, role), `${member.name} is ${role} now.`);
};

const remove = async ({ user_id: id, name, email }: Member, team: Team): Promise<void> => {
  const agreed = await askConfirm({
    heading: `Remove ${name}?`,
    text: `They lose access to ${team.name} at once. Sandboxes they launched stay with the team.`,
    ends: [`${email} in ${team.name}`, "API keys that they made here"],
    action: "Remove member",
  });
  if (agreed) await trying(() => removeMember(id), `${name} is not in the team any more.`);
};

const transfer = async ({ user_id: id, name }: Member, team: Team): Promise<void> => {
  const agreed = await askConfirm({
    heading: `Make ${name} the owner?`,
    text: `${team.name} is theirs then: they may delete it, or hand it over again. You stay as an admin, and cannot take this back yourself.`,
    ends: [`Your ownership of ${team.name}`],
    action: "Transfer ownership",
  });
  if (agreed) await trying(() => transferTeam(team.id, id), `${name} owns ${team.name} now.`);
};

const withReason = (reason: string): Pick<Extract<MenuEntry, object>, "reason"> =>
  reason === "" ? {} : { reason };

/** @param own the person's own role. */
export const entriesFor = (member: Member, team: Team, own: Role): readonly MenuEntry[] => {
  const mayNotChange = whyNotManage(own) || (member.role === "owner" ? OWNER_STAYS : "");
  const other: GrantedRole = member.role === "admin" ? "member" : "admin";
  const mayNotTransfer =
    own === "owner" ? (member.role === "owner" ? "It is theirs already." : "") : OWNER_ONLY;
  const role: MenuEntry = {
    label: other === "admin" ? "Make admin" : "Make member",
    icon: "shield",
    ...withReason(mayNotChange),
    run: () => void changeRole(member, other),
  };
  const handOver: MenuEntry = {
    label: "Transfer ownership…",
    icon: "key",
    ...withReason(mayNotTransfer),
    run: () => void transfer(member, team),
  };
  if (isSelf(member)) return [role, handOver];
  const removal: MenuEntry = {
    label: "Remove…",
    icon: "trash",
    danger: true,
    ...withReason(mayNotChange),
    run: () => void remove(member, team),
  };
  return [role, handOver, "line", removal];
};
