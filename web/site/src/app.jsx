import { useEffect, useRef, useState } from 'preact/hooks';
import { session } from './state/app.js';
import { leavePage } from './state/notices.js';
import { useStore } from './lib/hooks.js';
import { language, t } from './lib/i18n.js';
import { findRoute, go, parseHash } from './lib/router.js';
import { Questions } from './components/dialog.jsx';
import { Footer } from './components/footer.jsx';
import { Header } from './components/header.jsx';
import { LinkBanner, Notices } from './components/notices.jsx';
import { notFound, routes } from './routes.js';


function usePath() {
    const [path, setPath] = useState(() => parseHash(location.hash).path);

    useEffect(() => {
        const update = () => setPath(parseHash(location.hash).path);

        addEventListener('hashchange', update);
        return () => removeEventListener('hashchange', update);
    }, []);

    return path;
}


// A new page begins at its heading, for eyes and for screen readers.
function useArrival(path, title) {
    const first = useRef(true);

    useEffect(() => {
        document.title = `${title} – ${t('site.name')}`;
    }, [title]);

    useEffect(() => {
        if (first.current) {
            first.current = false;
            return;
        }

        leavePage();
        scrollTo(0, 0);
        document.querySelector('h1')?.focus({ preventScroll: true });
    }, [path]);
}


const WAY_OUT = { expired: '/session-ended', left: '/' };


// Sends somebody who has not started, or whose time is up, to the right page.
function useGuard(route, { user, ended }) {
    const target = !route.member || user ? null : WAY_OUT[ended] ?? '/login';

    useEffect(() => {
        if (target) {
            go(target, { replace: true });
        }
    }, [target]);

    return target !== null;
}


function SkipLink() {
    return (
        <a class="skip" href="#main" onClick={(event) => {
            event.preventDefault();
            document.querySelector('h1')?.focus();
        }}>
            {t('site.skip')}
        </a>
    );
}


export function App() {
    const path = usePath();
    const state = useStore(session);
    const { route, params } = findRoute(routes, path)
        ?? { route: notFound, params: {} };
    const Page = route.page;

    useStore(language);
    useArrival(path, t(route.title));

    const leaving = useGuard(route, state);

    return (
        <>
            <SkipLink />
            <Header path={path} />
            <LinkBanner />
            <main id="main" class="main">
                {!leaving && <Page key={path} params={params} />}
            </main>
            <Footer />
            <Notices />
            <Questions />
        </>
    );
}
