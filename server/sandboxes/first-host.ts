/** Where a new sandbox begins: a host that holds its template, else one that is brought it. */
import { Code } from "@connectrpc/connect";

import { ApiError } from "../errors.ts";
import type { HostChooser } from "../hosts/chooser.ts";
import type { HostFailure } from "../hosts/failures.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import type { Template } from "../templates/store.ts";
import { awaitTemplate } from "./await-template.ts";
import type { SandboxContext } from "./context.ts";

const MIB = 2 ** 20;

type Context = Pick<SandboxContext, "sql" | "copies">;
type Chooser = Pick<HostChooser, "next" | "copyTarget">;

/** A host that could take the sandbox if the template were there; null for none. */
const copyTarget = (chooser: Chooser, { sizeBytes }: Template): Promise<HostEndpoint | null> =>
  chooser.copyTarget(Math.ceil((sizeBytes ?? 0) / MIB));

/**
 * @throws ApiError 503 `no_hosts_available`, `template_copying`, 400 for a size beyond every host.
 */
export const chooseFirst = async (
  context: Context,
  template: Template,
  chooser: Chooser,
): Promise<HostEndpoint> => {
  try {
    return await chooser.next();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "no_hosts_available") throw error;
    const target = await copyTarget(chooser, template);
    // Someone else's copy may have come to its end since the first look.
    if (!target) return await chooser.next();
    await awaitTemplate(context, template, target);
    return target;
  }
};

/** Every holder refused: nobody waits for the copy here, but the next create finds it. */
export const bringElsewhere = async (
  { copies }: Context,
  template: Template,
  chooser: Chooser,
  { connectCode }: HostFailure,
): Promise<void> => {
  if (connectCode !== Code.ResourceExhausted) return;
  const target = await copyTarget(chooser, template);
  if (target) await copies.begin({ template, target });
};
