/**
 * How an agent learns that its host was deleted: by a statement that the instance's own key signed, which no
 * wrong or restored database can make up. An agent destroys what it has for nothing less.
 */
import { SignJWT } from "jose";

import { ApiError } from "../errors.ts";
import type { Settings } from "../settings.ts";

/** `typ` of the statement: no other token that this key signs passes for one. */
const TYPE = "host-deleted+jwt";

/**
 * 410 with the statement: an EdDSA JWT with issuer (the instance), audience (the host's bare id) and time of
 * issue. It does not expire: what was deleted stays so.
 */
export const hostDeleted = async (
  { callKey, instanceId }: Pick<Settings, "callKey" | "instanceId">,
  hostId: string,
): Promise<ApiError> => {
  const statement = await new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA", typ: TYPE })
    .setIssuer(instanceId)
    .setAudience(hostId)
    .setIssuedAt()
    .sign(callKey.privateKey);
  return new ApiError(410, "host_deleted", "This host was deleted from the server.", {
    details: { statement },
  });
};
