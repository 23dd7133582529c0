import { pageThemeCss } from '../../shared/page-theme.js';
import { App } from './app.js';
import { settings } from './core/settings.js';
import { CallPage } from './pages/call.js';
import { ChatView } from './pages/chat.js';
import { Desk } from './pages/desk.js';
import { HealthPage } from './pages/health.js';
import { LivePage } from './pages/live.js';
import { PlaygroundPage } from './pages/playground.js';
import { SearchPage } from './pages/search.js';
import { SignIn } from './pages/sign-in.js';
import { Supervisor } from './pages/supervisor.js';
import { Tickets } from './pages/tickets.js';
import { Chart } from './parts/chart.js';
import { Listen } from './parts/listen.js';
import { Notes } from './parts/notes.js';
import { Player } from './parts/player.js';
import { TalkBar } from './parts/talk-bar.js';
import { Transcript } from './parts/transcript.js';
import { Waveform } from './parts/waveform.js';

const sheet = new CSSStyleSheet();
sheet.replaceSync(pageThemeCss);
document.adoptedStyleSheets = [sheet];

function dress(): void {
  const { theme } = settings.value;
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
dress();
settings.listen(dress, new AbortController().signal);

for (const [name, element] of Object.entries({
  'hk-waveform': Waveform,
  'hk-player': Player,
  'hk-transcript': Transcript,
  'hk-notes': Notes,
  'hk-sign-in': SignIn,
  'hk-live': LivePage,
  'hk-search': SearchPage,
  'hk-call': CallPage,
  'hk-playground': PlaygroundPage,
  'hk-talk-bar': TalkBar,
  'hk-health': HealthPage,
  'hk-desk': Desk,
  'hk-chat': ChatView,
  'hk-tickets': Tickets,
  'hk-chart': Chart,
  'hk-listen': Listen,
  'hk-supervisor': Supervisor,
  'hk-app': App,
}))
  customElements.define(name, element);

document.body.append(document.createElement('hk-app'));
