/** What a page tells `wr-table` about its rows. Methods, so that columns of one kind of row fit the element of all. */
import type { MenuEntry } from "./menu.ts";

export interface Column<T = unknown> {
  key: string;
  label: string;
  /** A track of the grid: `minmax(8rem, 2fr)`. */
  width: string;
  /**
   * Where it goes when there is no room for a table: the row's `title`, `aside` of it, one of the `details`
   * below, the `whole` of the card, or `nowhere`.
   */
  narrow: "title" | "aside" | "details" | "whole" | "nowhere";
  render(row: T): unknown;
  /** Set: the column sorts by it. */
  sortBy?(row: T): string | number;
}

export interface Sort {
  key: string;
  descending: boolean;
}

export interface RowActions<T = unknown> {
  /** What a row is called to those who do not see it. */
  nameOf(row: T): string;
  entries?(row: T): readonly MenuEntry[];
  /** Where a press on the row leads. */
  href?(row: T): string;
}

/** Sorted copy; equal rows stay as they were. */
export const sortRows = <T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  sort: Sort | null,
): readonly T[] => {
  const column = columns.find(({ key }) => key === sort?.key);
  if (sort === null || column?.sortBy === undefined) return rows;
  const direction = sort.descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, by: column.sortBy?.(row) ?? "" }));
  keyed.sort((one, other) => {
    if (typeof one.by === "string" && typeof other.by === "string") {
      return direction * one.by.localeCompare(other.by);
    }
    return direction * (Number(one.by) - Number(other.by));
  });
  return keyed.map(({ row }) => row);
};
