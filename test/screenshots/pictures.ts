/** What is on each picture, and how somebody gets there. */
import type { Page } from "playwright-core";

import { lastTerminal, untilShown } from "../support/terminal.ts";
import { type PersonName, SANDBOXES, sandboxIdOf, SHOWN } from "./story.ts";

/** A machine without KVM takes its time. */
const SLOW_MS = 60_000;

type Theme = "light" | "dark";

export interface Picture {
  name: string;
  themes: readonly Theme[];
  /** Whose screen it is. @default {"mira"} */
  who?: PersonName;
  path: string | ((machineId: string) => string);
  /** Of the window. @default {800} */
  height?: number;
  /** It shows what really runs. */
  needsMachine?: true;
  /** Until everything is there that is to be seen. */
  show(page: Page): Promise<void>;
}

export const fileOf = (name: string, theme: Theme): string => `${name}${theme === "dark" ? "-dark" : ""}.png`;

const typed = async (page: Page, line: string, until: string): Promise<void> => {
  await page.keyboard.type(`${line}\n`);
  await untilShown(lastTerminal(page), until, SLOW_MS);
};

const ofMachine = (tab: string) => (id: string) => `/dashboard/sandboxes/${id}?tab=${tab}`;

export const PICTURES: readonly Picture[] = [
  {
    name: "first-run",
    themes: ["light"],
    who: "jonas",
    path: "/dashboard/sandboxes",
    height: 620,
    show: (page) => page.getByRole("heading", { name: "A sandbox (to do)" }).waitFor(),
  },
  {
    name: "overview",
    themes: ["light", "dark"],
    path: `/dashboard/sandboxes/${sandboxIdOf(SHOWN)}`,
    height: 1_040,
    show: async (page) => {
      await page.getByRole("slider", { name: /^Processors/ }).waitFor();
    },
  },
  {
    name: "sandboxes",
    themes: ["light", "dark"],
    path: "/dashboard/sandboxes",
    show: async (page) => {
      await page.getByRole("row").nth(SANDBOXES.length).waitFor();
    },
  },
  {
    name: "templates",
    themes: ["light"],
    path: "/dashboard/templates",
    show: (page) => page.getByText("review-agent").first().waitFor(),
  },
  {
    name: "team",
    themes: ["light"],
    path: "/dashboard/team",
    show: (page) => page.getByText("Hana Sato").waitFor(),
  },
  {
    name: "audit",
    themes: ["light"],
    path: "/dashboard/audit",
    show: async (page) => {
      await page.getByText("from node-22-ci").first().waitFor();
    },
  },
  {
    name: "hosts",
    themes: ["light"],
    path: "/admin/hosts",
    show: (page) => page.getByText("old-office-box").waitFor(),
  },
  {
    name: "terminal",
    themes: ["light", "dark"],
    needsMachine: true,
    path: ofMachine("terminal"),
    show: async (page) => {
      await untilShown(lastTerminal(page), "$", SLOW_MS);
      await typed(page, "cd ~/pricing; clear", "~/pricing$");
      await typed(page, "uname -sr", "amd64");
      await typed(page, "ls", "test_pricing.py");
      await typed(page, "python3 -B -m unittest -v", "OK\nuser@");
    },
  },
  {
    name: "files",
    themes: ["light"],
    needsMachine: true,
    path: ofMachine("files"),
    show: async (page) => {
      await page.getByText("pricing", { exact: true }).first().click();
      await page.getByText("pricing.py", { exact: true }).first().click();
      await page.getByText("no surprises").waitFor();
    },
  },
];
