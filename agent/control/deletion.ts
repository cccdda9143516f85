/**
 * How an agent knows that its host was deleted: by a statement that its own server signed for this very
 * host, and by nothing less. A restored backup, an empty database or a foreign server cannot make one.
 */
import { importJWK, jwtVerify } from "jose";

import { type Credentials, hostUuid } from "./credentials.ts";

const TYPE = "host-deleted+jwt";

/** The statement is not what it says it is; nothing follows from it. */
export class DeletionNotProven extends Error {
  override name = "DeletionNotProven";
}

/** Throws `DeletionNotProven` unless the server of the registration deleted this host. */
export const verifyDeletion = async (statement: string, credentials: Credentials): Promise<void> => {
  try {
    const key = await importJWK(credentials.server_public_key, "EdDSA");
    await jwtVerify(statement, key, {
      algorithms: ["EdDSA"],
      typ: TYPE,
      // As a list it is compared even where there is none: then nothing is proven.
      issuer: [credentials.instance_id],
      audience: hostUuid(credentials),
      requiredClaims: ["iat"],
    });
  } catch (cause) {
    throw new DeletionNotProven("the statement that this host was deleted is not its server's", { cause });
  }
};

/** An earlier agent was told so, and was ended before it was through. */
export const isDeletionPending = async (credentials: Credentials): Promise<boolean> => {
  const { deletion_statement: statement } = credentials;
  if (statement === undefined) return false;
  return verifyDeletion(statement, credentials).then(
    () => true,
    () => false,
  );
};
