/** Who a request acts as: the image's own /etc/passwd and /etc/group, read without NSS. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { Code, ConnectError } from "@connectrpc/connect";

export interface User {
  name: string;
  uid: number;
  gid: number;
  /** Supplementary groups, as initgroups would set them; `gid` is among them. */
  groups: number[];
  home: string;
  shell: string;
}

/** The user of requests that name none, when /init set no other. */
const DEFAULT_USER = "user";

/** What an image without /etc/passwd still has. */
const ROOT: User = { name: "root", uid: 0, gid: 0, groups: [0], home: "/root", shell: "/bin/sh" };

interface Database {
  byName: Map<string, User>;
  byUid: Map<number, string>;
  groupNames: Map<number, string>;
}

const fields = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));

const isId = (id: number): boolean => Number.isInteger(id) && id >= 0 && id < 0xffff_ffff;

/** Lines that make no sense are passed over, as the C library does. */
export const parseUserDatabase = (passwd: string, group: string): Database => {
  const groupNames = new Map<number, string>();
  const memberships = new Map<string, number[]>();
  for (const [name = "", , id = "", members = ""] of fields(group)) {
    const gid = Number(id);
    if (id === "" || !isId(gid)) continue;
    if (!groupNames.has(gid)) groupNames.set(gid, name);
    for (const member of members.split(",")) {
      if (member !== "") memberships.set(member, [...(memberships.get(member) ?? []), gid]);
    }
  }
  const byName = new Map<string, User>([[ROOT.name, ROOT]]);
  const byUid = new Map<number, string>();
  for (const [name = "", , uidText = "", gidText = "", , home = "", shell = ""] of fields(passwd)) {
    const uid = Number(uidText);
    const gid = Number(gidText);
    if (name === "" || uidText === "" || gidText === "" || !isId(uid) || !isId(gid)) continue;
    const groups = [...new Set([gid, ...(memberships.get(name) ?? [])])];
    byName.set(name, { name, uid, gid, groups, home: home || "/", shell: shell || "/bin/sh" });
    if (!byUid.has(uid)) byUid.set(uid, name);
  }
  if (!byUid.has(0)) byUid.set(0, ROOT.name);
  return { byName, byUid, groupNames };
};

const fileVersion = (path: string): string => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "missing" : `${found.ino}:${found.mtimeMs}:${found.size}`;
};

const readOrEmpty = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // An image need not have the file; root is known without it.
    return "";
  }
};

export class UserDirectory {
  #version = "";
  #database: Database = parseUserDatabase("", "");
  /** From /init; null until then. */
  #defaultName: string | null = null;

  constructor(private readonly etc = "/etc") {}

  /** Read anew only when a file changed: users add users while the sandbox runs. */
  #current(): Database {
    const passwd = join(this.etc, "passwd");
    const group = join(this.etc, "group");
    const version = `${fileVersion(passwd)} ${fileVersion(group)}`;
    if (version !== this.#version) {
      this.#database = parseUserDatabase(readOrEmpty(passwd), readOrEmpty(group));
      this.#version = version;
    }
    return this.#database;
  }

  /** Null: none was set. */
  get defaultName(): string | null {
    return this.#defaultName;
  }

  setDefault(name: string): void {
    this.#defaultName = name;
  }

  /** Throws unauthenticated for a name the image does not know. */
  find(name: string): User {
    const user = this.#current().byName.get(name);
    if (user === undefined) throw new ConnectError(`invalid username: '${name}'`, Code.Unauthenticated);
    return user;
  }

  /** The user to act as when none is named; root in an image that has no `user` and was given no other. */
  default(): User {
    if (this.#defaultName !== null) return this.find(this.#defaultName);
    return this.#current().byName.get(DEFAULT_USER) ?? this.find("root");
  }

  /** The user named by `Authorization: Basic base64("name:")`, else the default one. */
  ofRequest(headers: Headers): User {
    const name = basicUserName(headers.get("authorization"));
    return name === null ? this.default() : this.find(name);
  }

  userName(uid: number): string {
    return this.#current().byUid.get(uid) ?? String(uid);
  }

  groupName(gid: number): string {
    return this.#current().groupNames.get(gid) ?? String(gid);
  }
}

/** The name in a Basic header; null without one. Throws unauthenticated for one that cannot be read. */
export const basicUserName = (header: string | null): string | null => {
  const encoded = header?.match(/^Basic +(\S*)$/i)?.[1];
  if (encoded === undefined) return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(encoded));
    const name = text.split(":", 1)[0] ?? "";
    return name === "" ? null : name;
  } catch (cause) {
    throw new ConnectError(
      "the Authorization header is not valid Basic credentials",
      Code.Unauthenticated,
      {},
      [],
      cause,
    );
  }
};
