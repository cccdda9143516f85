/** Command-line flags: `--name value`, `--name=value` and switches. */
import { OperatorNeeded } from "./errors.ts";

/** A flag the command does not know, or one without its value. */
export class BadFlag extends OperatorNeeded {
  override name = "BadFlag";
}

export interface FlagSpec {
  /** Environment variable that the flag sets; one in lower case is the command's own. */
  variable: string;
  help: string;
  /** Shown in help; absent: a switch. */
  value?: string;
}

/** Values by variable name. Throws `BadFlag`. */
export const parseFlags = (
  args: readonly string[],
  specs: Record<string, FlagSpec>,
): Record<string, string> => {
  const values: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const [name = "", inline] = (args[index] ?? "").split(/=(.*)/s);
    const spec = name.startsWith("--") ? specs[name.slice(2)] : undefined;
    if (spec === undefined) throw new BadFlag(`${JSON.stringify(args[index])} is not a flag of this command`);
    if (spec.value === undefined) {
      if (inline !== undefined) throw new BadFlag(`${name} takes no value`);
      values[spec.variable] = "1";
      continue;
    }
    const value = inline ?? args[++index];
    if (value === undefined) throw new BadFlag(`${name} needs ${spec.value}`);
    values[spec.variable] = value;
  }
  return values;
};

export const describeFlags = (specs: Record<string, FlagSpec>): string =>
  Object.entries(specs)
    .map(([name, { value, help, variable }]) => {
      const flag = `--${name}${value === undefined ? "" : ` ${value}`}`;
      const also = /^[A-Z]/.test(variable) ? ` (${variable})` : "";
      return `  ${flag.padEnd(28)} ${help}${also}`;
    })
    .join("\n");
