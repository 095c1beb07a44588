// Where the console starts: words, theme, session, then the page.
import { mount } from 'svelte';
import App from './App.svelte';
import { preferredLanguage, useLanguage } from './lib/i18n.svelte.ts';
import { startRouter } from './lib/router.svelte.ts';
import { startTheme } from './lib/theme.svelte.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';

startTheme();
startRouter();
await useLanguage(preferredLanguage());
mount(App, { target: document.getElementById('app')! });
