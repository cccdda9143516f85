/** A certificate authority and a wildcard certificate of it, made anew by openssl for each run. */
import { join } from "node:path";

import { run } from "../../../agent/system/exec.ts";

/** Every name under `.localhost` is this machine; two labels, as clients take no wildcard right below the top. */
export const SANDBOX_DOMAIN = "sbx.localhost";

const DAYS = "2";
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export interface Certificate {
  /** PEM files. */
  authority: string;
  certificate: string;
  key: string;
}

export const createCertificate = async (directory: string): Promise<Certificate> => {
  const at = (name: string): string => join(directory, name);
  const made = { authority: at("ca.pem"), certificate: at("cert.pem"), key: at("key.pem") };
  const authorityKey = at("ca-key.pem");
  await run([
    ...["openssl", "req", "-x509", ...NEW_KEY, "-days", DAYS, "-subj", "/CN=Wrenn test authority"],
    ...["-keyout", authorityKey, "-out", made.authority],
  ]);
  await run([
    ...["openssl", "req", "-x509", ...NEW_KEY, "-days", DAYS, "-subj", `/CN=*.${SANDBOX_DOMAIN}`],
    ...["-CA", made.authority, "-CAkey", authorityKey],
    ...["-addext", `subjectAltName=DNS:*.${SANDBOX_DOMAIN},DNS:${SANDBOX_DOMAIN},IP:127.0.0.1`],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-keyout", made.key, "-out", made.certificate],
  ]);
  return made;
};
