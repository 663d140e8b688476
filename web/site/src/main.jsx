import { render } from 'preact';
import { App } from './app.jsx';
import { startLanguage } from './lib/i18n.js';
import { startApp } from './state/app.js';


startApp();

startLanguage().finally(() => {
    const root = document.getElementById('app');

    root.replaceChildren();
    render(<App />, root);
});
