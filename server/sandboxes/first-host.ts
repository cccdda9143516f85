/** Where a new sandbox begins: a host that holds its template, else one that is brought it. */
import { Code } from "@connectrpc/connect";

import type { HostChooser } from "../hosts/chooser.ts";
import type { HostFailure } from "../hosts/failures.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import type { Template } from "../templates/store.ts";
import { awaitTemplate } from "./await-template.ts";
import type { SandboxContext } from "./context.ts";

const MIB = 2 ** 20;

type Context = Pick<SandboxContext, "sql" | "copies">;

/** What it takes on a host's disk. */
const templateMb = ({ sizeBytes }: Template): number => Math.ceil((sizeBytes ?? 0) / MIB);

/**
 * @throws ApiError 503 `no_hosts_available`, `template_copying`, 400 for a size beyond every host.
 */
export const chooseFirst = async (
  context: Context,
  template: Template,
  chooser: Pick<HostChooser, "nextOrTarget">,
): Promise<HostEndpoint> => {
  const { host, holdsTemplate } = await chooser.nextOrTarget(templateMb(template));
  if (!holdsTemplate) await awaitTemplate(context, template, host);
  return host;
};

/** Every holder refused: nobody waits for the copy here, but the next create finds it. */
export const bringElsewhere = async (
  { copies }: Context,
  template: Template,
  chooser: Pick<HostChooser, "copyTarget">,
  { connectCode }: HostFailure,
): Promise<void> => {
  if (connectCode !== Code.ResourceExhausted) return;
  const target = await chooser.copyTarget(templateMb(template));
  if (target) await copies.begin({ template, target });
};
