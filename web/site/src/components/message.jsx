import { t } from '../lib/i18n.js';
import { errorText } from '../lib/error-text.js';
import { Button } from './button.jsx';
import { Icon } from './icon.jsx';

const ICONS = { good: 'check', info: 'info', problem: 'problem' };


// A message within the page.  live: announced when it appears or changes.
export function Message({ tone = 'info', title, live, children, ...rest }) {
    return (
        <div class={`message message--${tone}`}
             role={live ? (tone === 'problem' ? 'alert' : 'status') : undefined}
             {...rest}>
            <Icon name={ICONS[tone]} />
            <div class="message__body">
                {title && <p class="message__title">{title}</p>}
                {children}
            </div>
        </div>
    );
}


export function ErrorMessage({ error, subject, onRetry }) {
    return (
        <Message tone="problem" live>
            <p>{errorText(error, subject)}</p>
            {onRetry && (
                <Button onClick={onRetry}>{t('common.tryAgain')}</Button>
            )}
        </Message>
    );
}


export function Loading() {
    return (
        <p class="loading" role="status">
            <span class="loading__dots" aria-hidden="true">
                <span /><span /><span />
            </span>
            {t('common.loading')}
        </p>
    );
}
