/** Forms, most of them in dialogs: fields below each other, and why it did not work. */
import { css } from "lit";

export const failure = css`
  .error {
    padding: var(--s3) var(--s4);
    border-radius: var(--radius);
    background: var(--bad-soft);
    overflow-wrap: anywhere;
  }
`;

export const form = css`
  form {
    display: grid;
    gap: var(--s4);
  }

  /* Two fields beside each other where there is room. */
  .two {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr));
    gap: var(--s4);
  }

  ${failure}
`;
