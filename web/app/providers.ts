/** The ways in through providers, as links: the server takes the browser there. */
import { html, nothing, type TemplateResult } from "lit";

import "../components/button.ts";
import type { Offered } from "./sign-in-options.ts";

export const renderProviders = (
  offered: Offered | null,
  { verb, intent }: { verb: string; intent: "login" | "signup" },
): TemplateResult | typeof nothing => {
  // A provider cannot pass on the set-up code.
  if (offered === null || offered.providers.length === 0 || offered.setup_code_required) return nothing;
  return html`<p class="or">or</p>
    <div class="providers">
      ${offered.providers.map(
        ({ id, name }) =>
          html`<wr-button
            href="/auth/oauth/${encodeURIComponent(id)}${intent === "signup" ? "?intent=signup" : ""}"
            >${verb} with ${name}</wr-button
          >`,
      )}
    </div>`;
};
