/** The systemd unit that has `up` start with the machine, and the file of its settings. */

export const UNIT_NAME = "wrenn.service";

export interface ServiceCommand {
  /** Program and arguments. */
  argv: readonly string[];
  /** Names of variables and their values. */
  settingsFile: string;
  /** What `up` says goes here: it names credentials, which are nothing for the machine's journal. */
  logFile: string;
}

/** Inside quotes, `%` being systemd's own sign (systemd.syntax(7), systemd.unit(5)). */
const quoted = (text: string): string => `"${text.replaceAll(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;

/** In command lines `$` begins a variable (systemd.service(5)). */
const argument = (text: string): string => quoted(text).replaceAll("$", "$$$$");

/** Of settings that take the rest of the line as a path, quotes and all. */
const path = (text: string): string => text.replaceAll("%", "%%");

/** No value may hold a line break. */
export const unitText = ({ argv, settingsFile, logFile }: ServiceCommand): string =>
  `# Written by \`bun run install-service\`; the next one writes it anew. Put changes of your own into a drop-in:
# systemctl edit ${UNIT_NAME}
[Unit]
Description=Wrenn: server, host agent and database
Wants=network-online.target
After=network-online.target nftables.service postgresql.service
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${argv.map(argument).join(" ")}
EnvironmentFile=-${path(settingsFile)}
StandardOutput=append:${path(logFile)}
StandardError=inherit
Restart=on-failure
RestartSec=5s

# What it started is ended by itself and in order. Killed, it leaves sandboxes running, and its next start finds them.
KillMode=process
OOMPolicy=continue
TasksMax=infinity
LimitNOFILE=1048576
# Sandboxes are paused before it ends.
TimeoutStopSec=5min
UMask=0022

[Install]
WantedBy=multi-user.target
`;

/** As systemd reads a file of variables (systemd.exec(5), EnvironmentFile=). No value may hold a line break. */
export const settingsText = (settings: Readonly<Record<string, string>>): string =>
  [
    `# Settings of ${UNIT_NAME}, as in the README's table; a restart of the service reads them.`,
    ...Object.entries(settings).map(([name, value]) => `${name}="${value.replaceAll(/[\\"$`]/g, "\\$&")}"`),
    "",
  ].join("\n");
