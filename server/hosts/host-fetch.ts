/** HTTP to a host: how its connection is secured, and what a lost one looks like. */
import type { PeerCertificate } from "node:tls";

import { Code, ConnectError } from "@connectrpc/connect";

import { isPinned } from "./certificate.ts";

/** Where a host is reached, and the certificate it is pinned to. */
export interface HostEndpoint {
  /** Bare UUID. */
  id: string;
  /** As `http://127.0.0.1:7070`. */
  address: string;
  /** PEM of the host's self-signed certificate; null on loopback, where HTTP is plain. */
  tlsCert: string | null;
}

/** Somebody else answers at the host's address. */
class OtherCertificate extends Error {
  override name = "OtherCertificate";
}

/** The certificate is the host's identity; the name in it says nothing. Nothing is sent before it was compared. */
export const hostTls = ({ tlsCert }: HostEndpoint) =>
  tlsCert === null
    ? undefined
    : {
        ca: tlsCert,
        checkServerIdentity: (_name: string, presented: PeerCertificate) =>
          isPinned(tlsCert, presented) ? undefined : new OtherCertificate("it is not the pinned certificate"),
      };

/** What Bun's fetch reports when nothing listens: then the host surely did not receive the request. */
const NEVER_SENT = new Set(["ConnectionRefused", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"]);

/** As OpenSSL names what it finds wrong with a certificate (X509_V_ERR_…). */
const CERTIFICATE_CODE = /CERT|SIGNATURE|ISSUER/;

export const codeOf = (reason: unknown): string =>
  reason instanceof Error && "code" in reason ? String(reason.code) : "";

export const isOtherCertificate = (reason: unknown): boolean =>
  reason instanceof OtherCertificate || CERTIFICATE_CODE.test(codeOf(reason));

/** No answer came: `unavailable` when the host did not get the request, `unknown` when it may have. */
const unanswered = (reason: unknown): ConnectError => {
  const code = NEVER_SENT.has(codeOf(reason)) ? Code.Unavailable : Code.Unknown;
  const text = reason instanceof Error ? reason.message : String(reason);
  return new ConnectError(`no answer from the host: ${text}`, code, undefined, undefined, reason);
};

/**
 * A `fetch` for this host. A request that gets no answer rejects with a ConnectError, an aborted one
 * as fetch does. Bun keeps and reuses plain connections (one that is pinned is made anew), and goes through the environment's HTTP_PROXY where one is
 * set. A redirect is an answer like any other: a program in a sandbox may have written it, and following it
 * would take the server's tokens wherever that program likes.
 */
export const hostFetch = (endpoint: HostEndpoint): typeof fetch => {
  const tls = hostTls(endpoint);
  const options: BunFetchRequestInit = tls === undefined ? {} : { tls };
  const send = async (url: URL | RequestInfo, init?: BunFetchRequestInit | RequestInit) => {
    try {
      return await fetch(url, { ...init, ...options, redirect: "manual" });
    } catch (reason) {
      if (init?.signal?.aborted) throw reason;
      throw unanswered(reason);
    }
  };
  return Object.assign(send, { preconnect: fetch.preconnect });
};
