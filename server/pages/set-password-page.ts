/** The page at /set-password, where a one-time link leads: its token stands behind the `#` and is sent by the script. */
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "../auth/passwords.ts";
import { renderPage } from "./page.ts";
import script from "./set-password.js.txt" with { type: "text" };

export const SET_PASSWORD_SCRIPT: string = script;

const field = (name: string, label: string): string => `<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="password" autocomplete="new-password" required
  minlength="${MIN_PASSWORD_LENGTH}" maxlength="${MAX_PASSWORD_LENGTH}">`;

export const SET_PASSWORD_HTML = renderPage({
  title: "Set a password",
  heading: "Set your password",
  script: "/pages/set-password.js",
  content: `<div id="error" class="error" role="alert" hidden></div>
<form id="form">
${field("password", `New password, at least ${MIN_PASSWORD_LENGTH} characters`)}
${field("again", "Once more")}
<button class="button">Set password</button>
</form>
<p id="done" role="status" hidden>Your password is set, and you are signed out everywhere. <a href="/login">Sign in</a></p>`,
});
