import { href } from '../lib/router.js';
import { t } from '../lib/i18n.js';
import { Icon } from './icon.jsx';


function classes(kind, extra) {
    return `button button--${kind} ${extra ?? ''}`;
}


function Inside({ icon, iconAfter, children }) {
    return (
        <>
            {icon && <Icon name={icon} />}
            <span>{children}</span>
            {iconAfter && <Icon name={iconAfter} />}
        </>
    );
}


// kind: `main`, `plain`, `quiet` or `danger`.  busy: work is on its way; the
// button keeps its place and focus but does nothing.
export function Button({ kind = 'plain', icon, iconAfter, busy, onClick,
                         type = 'button', children, ...rest }) {
    return (
        <button type={type} class={classes(kind, busy && 'button--busy')}
                aria-disabled={busy ? 'true' : undefined}
                onClick={(event) => {
                    if (busy) {
                        event.preventDefault();
                    } else {
                        onClick?.(event);
                    }
                }}
                {...rest}>
            <Inside icon={icon} iconAfter={iconAfter}>{children}</Inside>
        </button>
    );
}


// to: a page of the site
export function LinkButton({ kind = 'plain', icon, iconAfter, to, children,
                             ...rest }) {
    return (
        <a class={classes(kind)} href={href(to)} {...rest}>
            <Inside icon={icon} iconAfter={iconAfter}>{children}</Inside>
        </a>
    );
}


// address: somewhere outside these pages, opened in a window of its own
export function WindowButton({ kind = 'plain', icon, address, children,
                               ...rest }) {
    return (
        <a class={classes(kind)} href={address} target="_blank" rel="noopener"
           {...rest}>
            <Inside icon={icon} iconAfter="window">{children}</Inside>
            <span class="unseen">{t('common.newWindow')}</span>
        </a>
    );
}


// A button that shows only a picture.
export function IconButton({ icon, label, ...rest }) {
    return (
        <button type="button" class="icon-button" aria-label={label}
                title={label} {...rest}>
            <Icon name={icon} />
        </button>
    );
}
