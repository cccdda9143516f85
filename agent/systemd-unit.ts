/** The systemd unit that keeps the agent running. */
import { MANY_REQUESTS, MAX_REQUESTS_VARIABLE } from "../proto/forward-limit.ts";
import { EXIT_OPERATOR_NEEDED } from "./exit-codes.ts";

export const UNIT_NAME = "wrenn-agent.service";

/** What the agent and what it starts never need: clocks, kernel modules, raw hardware, other people's audit. */
export const DROPPED_CAPABILITIES = [
  "AUDIT_CONTROL",
  "AUDIT_READ",
  "BLOCK_SUSPEND",
  "BPF",
  "CHECKPOINT_RESTORE",
  "IPC_OWNER",
  "LEASE",
  "LINUX_IMMUTABLE",
  "MAC_ADMIN",
  "MAC_OVERRIDE",
  "PERFMON",
  "SYSLOG",
  "SYS_BOOT",
  "SYS_MODULE",
  "SYS_PACCT",
  "SYS_RAWIO",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "WAKE_ALARM",
];

/** One assignment as systemd reads it: quoted, `%` being its own sign (systemd.exec(5), systemd.unit(5)). */
const assignment = (name: string, value: string): string =>
  `"${name}=${value.replaceAll(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;

/**
 * @param executable absolute path without spaces
 * @param environment of the agent; values without line breaks
 */
export const unitText = (executable: string, environment: Record<string, string>): string =>
  `# Written by \`wrenn-agent install\`; a later install writes it anew. Put changes of your own into a drop-in:
# systemctl edit ${UNIT_NAME}
[Unit]
Description=Wrenn host agent: runs sandboxes for its server
Wants=network-online.target
After=network-online.target nftables.service
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${executable} run
${Object.entries(environment)
  .map(([name, value]) => `Environment=${assignment(name, value)}\n`)
  .join("")}
# Of which a stream into a sandbox holds one for as long as it lasts.
Environment=${MAX_REQUESTS_VARIABLE}=${MANY_REQUESTS}
Restart=on-failure
RestartSec=1s
# Not registered, or configured wrongly. After the server deleted this host the agent ends well, which is no failure.
RestartPreventExitStatus=${EXIT_OPERATOR_NEEDED}

# Sandboxes outlive the agent, and one that the kernel ends for lack of memory is no failure of the agent.
KillMode=process
OOMPolicy=continue
TasksMax=infinity
LimitNOFILE=1048576
# Before the machine goes down, sandboxes are paused.
TimeoutStopSec=5min

# Nothing here may give the agent a mount namespace of its own (Protect…, Private…): the network namespaces it
# makes for sandboxes are mounts, and the next agent has to find them.
NoNewPrivileges=yes
CapabilityBoundingSet=~${DROPPED_CAPABILITIES.map((name) => `CAP_${name}`).join(" ")}
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
RestrictRealtime=yes
LockPersonality=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
UMask=0022

[Install]
WantedBy=multi-user.target
`;
