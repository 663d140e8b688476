import { useEffect, useState } from 'preact/hooks';
import { api, session } from '../state/app.js';
import { confirm, notify } from '../state/notices.js';
import { report } from '../state/report.js';
import { isTrying } from '../state/session.js';
import { useStore } from '../lib/hooks.js';
import { formatTime, t } from '../lib/i18n.js';
import { href } from '../lib/router.js';
import { Button, LinkButton } from './button.jsx';
import { Icon } from './icon.jsx';

const MINUTE = 60000;
const SOON = 15;


function useMinutesLeft(expiry) {
    const left = () => Math.max(0, Math.ceil((expiry - Date.now()) / MINUTE));
    const [minutes, setMinutes] = useState(left);

    useEffect(() => {
        setMinutes(left());
        const timer = setInterval(() => setMinutes(left()), MINUTE / 4);
        return () => clearInterval(timer);
    }, [expiry]);

    return minutes;
}


// How long the work of somebody without an account is kept.
function TimeLeft({ expiry }) {
    const minutes = useMinutesLeft(expiry);
    const soon = minutes <= SOON;

    return (
        <p class={`time-left ${soon ? 'time-left--soon' : ''}`}
           role={soon ? 'status' : undefined}>
            <Icon name="clock" />
            <span>
                {soon ? t('header.minutesLeft', { count: minutes })
                    : t('header.keptUntil', { time: formatTime(expiry) })}
            </span>
        </p>
    );
}


async function finish(user) {
    const sure = await confirm({
        title: t('finish.title'),
        text: t('finish.text'),
        yes: t('finish.yes'),
        no: t('finish.no'),
        tone: 'danger',
    });

    if (!sure) {
        return;
    }

    try {
        await api.endSession(user);
    } catch (error) {
        if (error.kind !== 'session') {
            report(error, 'finish');
            return;
        }
    }

    session.end('left');
    notify(t('finish.done'), { tone: 'good' });
}


function NavLink({ to, current, children }) {
    return (
        <a href={href(to)} aria-current={current === to ? 'page' : undefined}>
            {children}
        </a>
    );
}


export function Header({ path }) {
    const { user } = useStore(session);
    const [open, setOpen] = useState(false);

    useEffect(() => setOpen(false), [path]);

    return (
        <header class="header">
            <div class="header__inside">
                <a class="brand" href={href('/')}>
                    <img src="/static/images/logo.svg" alt="" width="40"
                         height="40" />
                    <span>{t('site.name')}</span>
                </a>
                <button type="button" class="header__toggle icon-button"
                        aria-expanded={open ? 'true' : 'false'}
                        aria-controls="navigation"
                        aria-label={t('header.menu')}
                        onClick={() => setOpen(!open)}>
                    <Icon name={open ? 'close' : 'menu'} />
                </button>
                <div id="navigation"
                     class={`header__menu ${open ? 'header__menu--open' : ''}`}>
                    <nav class="nav" aria-label={t('header.navigation')}>
                        {user && (
                            <NavLink to="/projects" current={path}>
                                {t('projects.nav')}
                            </NavLink>
                        )}
                        <NavLink to="/help" current={path}>
                            {t('help.title')}
                        </NavLink>
                        <NavLink to="/about" current={path}>
                            {t('about.nav')}
                        </NavLink>
                    </nav>
                    {user ? (
                        <div class="header__session">
                            {isTrying(user)
                                && <TimeLeft expiry={user.expiry} />}
                            <Button kind="quiet" onClick={() => finish(user)}
                                    data-test="finish">
                                {t('finish.action')}
                            </Button>
                        </div>
                    ) : (
                        <LinkButton kind="plain" to="/login">
                            {t('login.action')}
                        </LinkButton>
                    )}
                </div>
            </div>
        </header>
    );
}
