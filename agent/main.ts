/** The `wrenn-agent` executable: on a host the agent and its tools, inside a sandbox the guest agent. */
import {
  COMMON_FLAGS,
  INSTALL_FLAGS,
  PRUNE_FLAGS,
  REGISTER_FLAGS,
  RUN_FLAGS,
  UNINSTALL_FLAGS,
} from "./config.ts";
import { describeError, OperatorNeeded } from "./errors.ts";
import { EXIT_OPERATOR_NEEDED } from "./exit-codes.ts";
import { BadFlag, describeFlags, type FlagSpec, parseFlags } from "./flags.ts";
import { AGENT_VERSION } from "./version.ts";

interface Command {
  help: string;
  flags: Record<string, FlagSpec>;
  /** Loaded when it is run: the guest agent must start fast. Resolves to the exit code. */
  run(flags: Record<string, string>): Promise<number>;
}

const done = async (work: Promise<void>): Promise<number> => {
  await work;
  return 0;
};

const COMMANDS: Record<string, Command> = {
  run: {
    help: "serve sandboxes on this machine",
    flags: RUN_FLAGS,
    run: async (flags) => done((await import("./commands/run.ts")).runAgent(flags)),
  },
  register: {
    help: "join a server with a one-time token",
    flags: REGISTER_FLAGS,
    run: async (flags) => done((await import("./commands/register.ts")).registerAgent(flags)),
  },
  doctor: {
    help: "check what this machine lacks; changes nothing",
    flags: COMMON_FLAGS,
    run: async (flags) => (await import("./commands/doctor.ts")).runDoctor(flags),
  },
  install: {
    help: "keep the agent running as a systemd service",
    flags: INSTALL_FLAGS,
    run: async (flags) => done((await import("./commands/install.ts")).installAgent(flags)),
  },
  uninstall: {
    help: "remove the service; sandboxes and files stay",
    flags: UNINSTALL_FLAGS,
    run: async (flags) => done((await import("./commands/install.ts")).uninstallAgent(flags)),
  },
  df: {
    help: "show what takes up the disk",
    flags: COMMON_FLAGS,
    run: async (flags) => done((await import("./commands/df.ts")).showDiskUsage(flags)),
  },
  prune: {
    help: "remove what nothing on this host refers to",
    flags: PRUNE_FLAGS,
    run: async (flags) => done((await import("./commands/prune.ts")).pruneDirectory(flags)),
  },
  clear: {
    help: "end all sandboxes here and remove what they had on this machine",
    flags: COMMON_FLAGS,
    run: async (flags) => done((await import("./commands/clear.ts")).clearMachine(flags)),
  },
  version: {
    help: "print the version",
    flags: {},
    run: async () => {
      process.stdout.write(`${AGENT_VERSION}\n`);
      return 0;
    },
  },
};

const helpText = (): string => {
  const commands = Object.entries(COMMANDS).map(([name, { help }]) => `  ${name.padEnd(12)} ${help}`);
  return [
    `wrenn-agent ${AGENT_VERSION}`,
    "",
    "Usage: wrenn-agent COMMAND [FLAGS]",
    "",
    ...commands,
    "  guest        the agent inside a sandbox",
    "",
    "`wrenn-agent COMMAND --help` lists the command's flags.",
    "",
  ].join("\n");
};

const runCommand = async (name: string, command: Command, args: string[]): Promise<number> => {
  if (args.includes("--help") || args.includes("-h")) {
    const flags = describeFlags(command.flags);
    process.stdout.write(`wrenn-agent ${name}: ${command.help}\n\n${flags}\n`);
    return 0;
  }
  try {
    return await command.run(parseFlags(args, command.flags));
  } catch (error) {
    if (!(error instanceof BadFlag)) throw error;
    throw new BadFlag(`${error.message}; \`wrenn-agent ${name} --help\` lists the flags`, { cause: error });
  }
};

const main = async (args: string[]): Promise<number> => {
  const [name = "--help", ...rest] = args;
  if (name === "guest") {
    await (await import("./guest/main.ts")).runGuest(rest);
    return 0;
  }
  if (["--help", "-h", "help"].includes(name)) {
    process.stdout.write(helpText());
    return 0;
  }
  const command = COMMANDS[name === "--version" ? "version" : name];
  if (command === undefined) {
    process.stderr.write(`wrenn-agent: ${JSON.stringify(name)} is not a command\n\n${helpText()}`);
    return 2;
  }
  return runCommand(name, command, rest);
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const sentence = error instanceof OperatorNeeded ? error.message : describeError(error);
  process.stderr.write(`wrenn-agent: ${sentence}\n`);
  process.exitCode = error instanceof OperatorNeeded ? EXIT_OPERATOR_NEEDED : 1;
}
// Timers and sockets of a command that failed half-way must not keep it alive.
if (process.argv[2] !== "guest") process.exit();
