/**
 * A self-signed certificate for the agent's HTTPS: the server pins it, so names and authorities play no
 * part, only the key. X.509 v3 in DER (RFC 5280) with an ECDSA P-256 key; no tool is needed.
 */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

const YEARS = 20;

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80
      ? Buffer.from([length])
      : length < 0x100
        ? Buffer.from([0x81, length])
        : Buffer.from([0x82, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), size, content]);
};

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const EXPLICIT_0 = 0xa0;
const EXPLICIT_3 = 0xa3;
const IP_ADDRESS = 0x87;
const DNS_NAME = 0x82;

/** 1.2.840.10045.4.3.2, ecdsa-with-SHA256 */
const ECDSA_SHA256 = der(
  SEQUENCE,
  der(OBJECT_ID, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])),
);
/** 2.5.4.3, commonName */
const COMMON_NAME = der(OBJECT_ID, Buffer.from([0x55, 0x04, 0x03]));
/** 2.5.29.17, subjectAltName */
const SUBJECT_ALT_NAME = der(OBJECT_ID, Buffer.from([0x55, 0x1d, 0x11]));

const nameOf = (text: string): Buffer =>
  der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(text)))));

/** Dates from 2050 on need this form, and it is valid for all. */
const time = (date: Date): Buffer =>
  der(GENERALIZED_TIME, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, "")));

const altName = (hostname: string): Buffer => {
  const octets = hostname.split(".").map(Number);
  const isIpv4 = octets.length === 4 && octets.every((octet) => Number.isInteger(octet) && octet < 256);
  return isIpv4 ? der(IP_ADDRESS, Buffer.from(octets)) : der(DNS_NAME, Buffer.from(hostname));
};

const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${
    bytes
      .toString("base64")
      .match(/.{1,64}/g)
      ?.join("\n") ?? ""
  }\n-----END ${label}-----\n`;

/** @param hostname IPv4 address or DNS name the server dials; @returns PEM texts */
export const makeCertificate = (hostname: string): { cert: string; key: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = new Date();
  const until = new Date(now);
  until.setUTCFullYear(now.getUTCFullYear() + YEARS);
  // A leading zero bit keeps the serial number positive.
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const name = nameOf("wrenn-agent");
  const altNames = der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, der(SEQUENCE, altName(hostname))));
  const body = der(
    SEQUENCE,
    der(EXPLICIT_0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    ECDSA_SHA256,
    name,
    der(SEQUENCE, time(now), time(until)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(EXPLICIT_3, der(SEQUENCE, altNames)),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = der(SEQUENCE, body, ECDSA_SHA256, der(BIT_STRING, Buffer.from([0]), signature));
  return {
    cert: pem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
};
