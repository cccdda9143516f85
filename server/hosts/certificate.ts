/** The certificate a host is pinned to: its own, made by itself and for nobody else. */
import { X509Certificate } from "node:crypto";

import { invalidRequest } from "../errors.ts";

const parse = (pem: string): X509Certificate | null => {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
};

/** Throws 400 unless it is a self-signed certificate that can vouch for no other. */
export const checkCertificate = (pem: string): void => {
  const certificate = parse(pem);
  if (certificate === null || certificate.ca || !certificate.verify(certificate.publicKey)) {
    throw invalidRequest(
      "tls_cert",
      "tls_cert",
      "tls_cert: expected the PEM of a self-signed certificate that is no authority's.",
    );
  }
};

/** Whether this very certificate was presented; one that it signed is another. */
export const isPinned = (pem: string, presented: { fingerprint256: string }): boolean =>
  parse(pem)?.fingerprint256 === presented.fingerprint256;
