import { defineConfig } from "vite";

// Relative addresses, because the dashboard may be mounted under any path; nothing inline, because its content security
// policy allows none: no data URLs, no polyfill script.
// biome-ignore lint/style/noDefaultExport: vite reads the default export
export default defineConfig({
  base: "./",
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    // The first of each that know light-dark() in CSS.
    target: ["chrome123", "firefox120", "safari17.5"],
  },
});
