/** A value that may be replaced while we run, such as what stands in a file that is read again when it changes. */
export interface ValueSource<T> {
  /** The value in force; the same object until it is replaced. */
  current(): T;
}
