/** What can be done to an account from the list. */
import { askValue } from "../../components/ask.ts";
import { askConfirm, type Question } from "../../components/confirm.ts";
import type { MenuEntry } from "../../components/menu.ts";
import { type Account, changeAccount } from "../../state/accounts.ts";
import { showFailure, showToast } from "../../state/toasts.ts";

type Change = Parameters<typeof changeAccount>[1];

const change = async (account: Account, body: Change, done: string, question?: Question): Promise<void> => {
  if (question !== undefined && !(await askConfirm(question))) return;
  try {
    await changeAccount(account, body);
    showToast(done);
  } catch (error) {
    showFailure(error);
  }
};

const disable = (account: Account): Promise<void> =>
  change(account, { is_disabled: true }, `${account.name} is disabled.`, {
    heading: `Disable ${account.name}?`,
    text: "At once, and until the account is enabled again. Its teams and their sandboxes stay as they are.",
    ends: ["Every session of theirs", "Every API key they made", "Links to set a password"],
    action: "Disable account",
  });

const makeAdmin = (account: Account): Promise<void> =>
  change(account, { is_admin: true }, `${account.name} is a platform admin.`, {
    heading: `Make ${account.name} a platform admin?`,
    text: "They see and change every host, team and account of this instance.",
    action: "Make admin",
    mild: true,
  });

const endAdmin = (account: Account): Promise<void> =>
  change(account, { is_admin: false }, `${account.name} is no platform admin any more.`, {
    heading: `Take the administration from ${account.name}?`,
    text: "The account stays, with its teams.",
    action: "Take it",
  });

const rename = (account: Account): void =>
  askValue({
    heading: `Rename ${account.name}`,
    label: "Name",
    value: account.name,
    action: "Rename",
    check: (name) => (name === "" ? "Give the account a name." : ""),
    run: async (name) => {
      await changeAccount(account, { name });
      showToast(`The account is called ${name} now.`);
    },
  });

/** @param link shows a new link to set a password. */
export const entriesFor = (account: Account, link: (account: Account) => void): readonly MenuEntry[] => [
  {
    label: account.has_password ? "Reset link…" : "New link…",
    icon: "key",
    ...(account.is_disabled && { reason: "The account is disabled: enable it first." }),
    run: () => link(account),
  },
  { label: "Rename…", icon: "settings", run: () => rename(account) },
  account.is_admin
    ? { label: "Take administration…", icon: "shield", run: () => void endAdmin(account) }
    : { label: "Make platform admin…", icon: "shield", run: () => void makeAdmin(account) },
  "line",
  account.is_disabled
    ? {
        label: "Enable",
        icon: "play",
        run: () => void change(account, { is_disabled: false }, `${account.name} is enabled.`),
      }
    : { label: "Disable…", icon: "close", danger: true, run: () => void disable(account) },
];
