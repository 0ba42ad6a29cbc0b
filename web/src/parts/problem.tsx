/** Why something could not be done, or is not new; nothing without a text. */
export function Problem({ text }: { text: string | undefined }) {
  return text === undefined ? null : (
    <p class="problem panel" role="alert">
      {text}
    </p>
  );
}
