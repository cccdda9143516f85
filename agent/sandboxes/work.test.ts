/** The board of slow work: what it shows, and what it tells of as it goes on. */
import { expect, test } from "bun:test";

import { ZERO_UUID } from "../../proto/ids.ts";
import { createLogger } from "../system/log.ts";
import { buildsUnderWay, isBuildOfMinimal } from "./minimal.ts";
import { type Work, WorkBoard } from "./work.ts";

const newBoard = (): { work: WorkBoard; told: Pick<Work, "progress" | "error">[] } => {
  const work = new WorkBoard(createLogger("error", () => {}));
  const told: Pick<Work, "progress" | "error">[] = [];
  work.onMove(({ progress, error }) => told.push({ progress, error }));
  return { work, told };
};

test("a beginning and each good piece are told, small ones are not", async () => {
  const { work, told } = newBoard();
  await work.during("template_build", "minimal", async (progress) => {
    expect(buildsUnderWay({ work })).toEqual([{ templateId: ZERO_UUID, progress: 0 }]);
    for (const fraction of [0.01, 0.04, 0.05, 0.06, 0.5, 0.52]) progress("packages", fraction);
    expect(buildsUnderWay({ work })).toEqual([{ templateId: ZERO_UUID, progress: 0.52 }]);
  });
  expect(told.map(({ progress }) => progress)).toEqual([0, 0.05, 0.5]);
  expect(buildsUnderWay({ work })).toEqual([]);
});

test("a failure is told, stays shown, and is no build under way", async () => {
  const { work, told } = newBoard();
  const failing = work.during("template_build", "minimal", () => Promise.reject(new Error("no mirror")));
  await expect(failing).rejects.toThrow("no mirror");
  expect(told.at(-1)?.error).toBe("Error: no mirror");
  expect(work.list()).toMatchObject([{ subject: "minimal", error: "Error: no mirror" }]);
  expect(buildsUnderWay({ work })).toEqual([]);
});

test("other templates are no business of the beats", async () => {
  const { work } = newBoard();
  const others: boolean[] = [];
  work.onMove((one) => others.push(isBuildOfMinimal(one)));
  await work.during("template_build", "a-snapshot", async () => {});
  await work.during("template_copy", "minimal", async () => {});
  expect(others).toEqual([false, false]);
});
