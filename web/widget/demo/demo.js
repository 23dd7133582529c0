// The page to try the widget on this machine.
const language = new URLSearchParams(location.search).get('language');
if (language === 'en' || language === 'zh-CN') {
  document.documentElement.lang = language;
  document.querySelector('hearken-call')?.setAttribute('language', language);
}
const snippet = document.querySelector('#snippet');
if (snippet)
  snippet.textContent = `<script type="module" src="${location.origin}/widget/hearken-call.js"></script>\n<hearken-call></hearken-call>`;
