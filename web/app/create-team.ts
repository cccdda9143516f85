/** Founds a team and goes there. */
import { askValue } from "../components/ask.ts";
import { navigate } from "../router.ts";
import { HOME } from "../routes.ts";
import { createTeam } from "../state/teams.ts";
import { showToast } from "../state/toasts.ts";

export const askNewTeam = (): void =>
  askValue({
    heading: "Create a team",
    label: "Name",
    hint: "You become its owner. Sandboxes, keys and templates belong to one team.",
    action: "Create team",
    check: (name) => (name === "" ? "Give the team a name." : ""),
    run: async (name) => {
      const team = await createTeam(name);
      showToast(`You are in ${team.name} now.`);
      navigate(HOME);
    },
  });
