/**
 * Why a host cannot be called, for the people who see it. One of a few sentences: what is found at an address
 * that a team named is told to nobody but the log.
 */
import { Code, ConnectError } from "@connectrpc/connect";

import { codeOf, type HostEndpoint, isOtherCertificate } from "./host-fetch.ts";

const NETWORK: Record<string, string> = {
  ConnectionRefused: "the connection is refused",
  ECONNREFUSED: "the connection is refused",
  ETIMEDOUT: "there is no answer in time",
  EHOSTUNREACH: "there is no way there",
  ENETUNREACH: "there is no way there",
  ENOTFOUND: "there is no such name",
};

const OTHERWISE = "what is there does not answer as a host";

const why = (error: ConnectError): string => {
  switch (error.code) {
    case Code.DeadlineExceeded:
      return "there is no answer in time";
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return "it refuses the server's calls";
    case Code.Unavailable:
    case Code.Unknown:
      if (isOtherCertificate(error.cause)) return "another certificate is there";
      return NETWORK[codeOf(error.cause)] ?? OTHERWISE;
    default:
      return OTHERWISE;
  }
};

export const whyUnreachable = ({ address }: HostEndpoint, thrown: unknown): string =>
  `the server cannot reach ${address}: ${why(ConnectError.from(thrown))}`;
