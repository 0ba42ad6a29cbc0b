import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./style/theme.css";
import "./style/layout.css";
import "./style/controls.css";
import "./style/parts.css";
import "./style/tables.css";
import "./style/drawing.css";
import { createDashboard, DashboardContext } from "./dashboard.ts";
import { Shell } from "./parts/shell.tsx";

const dashboard = createDashboard();
void dashboard.session.begin(dashboard.router.takeTicket());
render(
  <DashboardContext.Provider value={dashboard}>
    <Shell />
  </DashboardContext.Provider>,
  document.getElementById("dashboard") as HTMLElement,
);
