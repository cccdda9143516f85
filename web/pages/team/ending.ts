/** The end of a membership or a whole team, and where one goes from there. */
import { call } from "../../api.ts";
import { askNewTeam } from "../../app/create-team.ts";
import { askConfirm } from "../../components/confirm.ts";
import { navigate } from "../../router.ts";
import { HOME } from "../../routes.ts";
import { deleteTeam, leaveTeam, type Team } from "../../state/teams.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { plural } from "../../text/format.ts";

/** As many as one page of a list has; more are told as more. */
const COUNTED = 200;

const countUp = ({
  items,
  next_cursor: next,
}: {
  items: readonly unknown[];
  next_cursor: unknown;
}): number => (next === null ? items.length : COUNTED + 1);

const line = (count: number, one: string, many?: string): string[] => {
  if (count === 0) return [];
  return [count > COUNTED ? `More than ${COUNTED} ${many ?? `${one}s`}` : plural(count, one, many)];
};

/** What ends with the team, one line each. */
const findEnds = async (team: Team): Promise<string[]> => {
  const query = { limit: COUNTED };
  const [sandboxes, templates, keys, hosts] = await Promise.all([
    call("GET /v1/sandboxes", { query }),
    call("GET /v1/snapshots", { query }),
    call("GET /v1/api-keys", { query }),
    team.is_byoc ? call("GET /v1/hosts", { query }) : { items: [], next_cursor: null },
  ]);
  return [
    ...line(countUp(sandboxes), "sandbox with its disk", "sandboxes with their disks"),
    ...line(countUp(templates), "snapshot"),
    ...line(countUp(keys), "API key"),
    ...line(countUp(hosts), "host of its own", "hosts of its own"),
    "Everybody's access to it",
  ];
};

/** After the end: the next team is shown already, or a hint leads to a new one. */
const goOn = async (work: Promise<Team | null>, done: string): Promise<void> => {
  try {
    const next = await work;
    navigate(HOME);
    if (next !== null) return showToast(`${done} You are in ${next.name} now.`);
    showToast(`${done} You are in no team now: create one to go on.`, {
      kind: "hint",
      action: { label: "Create team", run: askNewTeam },
    });
  } catch (error) {
    showFailure(error);
  }
};

export const askLeave = async ({ id, name }: Team): Promise<void> => {
  const agreed = await askConfirm({
    heading: `Leave ${name}?`,
    text: "You come back only if an owner or admin adds you again. Sandboxes you launched stay with the team.",
    ends: [`Your access to ${name}`, "API keys that you made here"],
    action: "Leave team",
  });
  if (agreed) await goOn(leaveTeam(id), `You have left ${name}.`);
};

export const askDelete = async (team: Team): Promise<void> => {
  let ends: string[];
  try {
    ends = await findEnds(team);
  } catch (error) {
    return showFailure(error);
  }
  const agreed = await askConfirm({
    heading: `Delete ${team.name}?`,
    text: "All of it ends at once, on every host, and cannot be brought back.",
    ends,
    typed: team.name,
    action: "Delete team",
  });
  if (agreed) await goOn(deleteTeam(team.id), `${team.name} is deleted.`);
};
