/** What people may write into names. */

/** Something visible, without control characters, halves of surrogate pairs and the like. */
export const isPlainText = (text: string): boolean =>
  text.trim() !== "" && !/[\p{Cc}\p{Cs}\p{Co}\p{Cn}]/u.test(text);
