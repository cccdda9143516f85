/** Paths in a sandbox: absolute, with slashes. */

/** `/a/b` of `/a/b/c`; `/` of itself. */
export const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));

export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export const join = (directory: string, name: string): string =>
  directory === "/" ? `/${name}` : `${directory}/${name}`;

/** Absolute and without doubles: what an address says may be anything. */
export const cleanPath = (path: string): string => {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
};

/** The directories on the way to it, itself last: `/`, `/a`, `/a/b`. */
export const wayTo = (path: string): readonly string[] => {
  const parts = path.split("/").filter(Boolean);
  return ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)];
};

/** What is wrong with a new name; empty: nothing. */
export const nameProblem = (name: string): string => {
  if (name === "") return "Type a name.";
  if (name.includes("/")) return "A name has no slash.";
  if (name === "." || name === "..") return "This name is taken by the system.";
  return new TextEncoder().encode(name).byteLength > 255 ? "Names have at most 255 bytes." : "";
};
