import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { Frame } from "./world.ts";

/** Wide screens get a wide picture, phones a square one. */
const HEIGHT_PER_WIDTH = 0.62;
const LEAST_HEIGHT = 360;
const MOST_HEIGHT = 680;
/** As in drawing.css: of the screen. What is higher has a bar to scroll it, which makes the box narrower. */
const HEIGHT_PER_SCREEN = 0.8;
/** Until the page is laid out. */
const UNKNOWN: Frame = { width: 640, height: 400 };

/** How large a picture may be that fills this box. */
export function useFrame(box: RefObject<HTMLElement | null>): Frame {
  const [frame, setFrame] = useState(UNKNOWN);
  useLayoutEffect(() => {
    const element = box.current as HTMLElement;
    const measure = (): void => {
      const width = element.clientWidth;
      const wanted = Math.min(MOST_HEIGHT, width * HEIGHT_PER_WIDTH, innerHeight * HEIGHT_PER_SCREEN);
      const height = Math.floor(Math.max(LEAST_HEIGHT, wanted));
      setFrame((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [box]);
  return frame;
}
