import { html, nothing } from 'lit-html';
import { ApiError, api } from '../api/client.js';
import { begin, sessionOver, signInHint } from '../core/session.js';
import { change, settings } from '../core/settings.js';
import { View } from '../core/view.js';
import { errorText, said } from '../parts/bits.js';
import { icon } from '../parts/icons.js';
import { t } from '../words/words.js';

/** Name and password. Whatever address was asked for is shown afterwards. */
export class SignIn extends View {
  #problem: string | undefined;
  #waiting = false;

  protected override start(signal: AbortSignal): void {
    for (const value of [signInHint, sessionOver]) value.listen(() => this.update(), signal);
  }

  protected override view() {
    const words = t().signIn;
    const other = settings.value.language === 'en' ? 'zh-CN' : 'en';
    return html`<div class="sign-in card">
      <div class="row fixed"><span class="brand">${icon('wave')}</span><h1>${words.title}</h1></div>
      ${sessionOver.value && this.#problem === undefined ? html`<div class="banner info" role="status"><p>${words.over}</p></div>` : nothing}
      <form @submit=${(event: SubmitEvent) => void this.#submit(event)}>
        <label class="field"><span>${words.name}</span><input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" aria-invalid=${this.#problem === undefined ? nothing : 'true'} /></label>
        <label class="field"><span>${words.password}</span><input name="password" type="password" autocomplete="current-password" required maxlength="1024" aria-invalid=${this.#problem === undefined ? nothing : 'true'} /></label>
        <div role="alert">${this.#problem === undefined ? nothing : html`<div class="banner bad"><p>${this.#problem}</p></div>`}</div>
        <button class="button strong wide" ?disabled=${this.#waiting}>${this.#waiting ? words.waiting : words.submit}</button>
      </form>
      ${signInHint.value?.includes('users add') !== true ? nothing : html`<p class="soft small">${said(signInHint.value)}</p>`}
      <button type="button" class="button quiet" lang=${other} @click=${() => change({ language: other })}>${other === 'en' ? 'English' : '中文'}</button>
    </div>`;
  }

  protected override drawn(): void {
    if (!this.contains(document.activeElement) && this.#problem === undefined)
      this.querySelector<HTMLInputElement>('input[name=name]')?.focus();
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.#waiting) return;
    const form = event.target as HTMLFormElement;
    const fields = new FormData(form);
    this.#waiting = true;
    this.update();
    try {
      begin(await api.signIn({ name: String(fields.get('name')), password: String(fields.get('password')) }));
    } catch (error) {
      this.#problem = this.#wordsFor(error);
      form.querySelector<HTMLInputElement>('input[name=password]')?.select();
    }
    this.#waiting = false;
    this.update();
  }

  #wordsFor(error: unknown): string {
    const words = t().signIn;
    if (!(error instanceof ApiError)) return errorText(error);
    if (error.status === 401) return words.wrong;
    if (error.status === 429) return words.locked(error.retryAfterS ?? 60);
    return errorText(error);
  }
}
