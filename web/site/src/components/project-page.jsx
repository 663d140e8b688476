import { api, session } from '../state/app.js';
import { useLoaded } from '../lib/hooks.js';
import { t } from '../lib/i18n.js';
import { projectPath } from '../lib/router.js';
import { isTrying } from '../state/session.js';
import { findType } from '../types/index.js';
import { ErrorMessage, Loading, Message } from './message.jsx';
import { LinkButton } from './button.jsx';
import { Page } from './page.jsx';
import { Steps } from './steps.jsx';

// Names of the projects seen in this visit, to be shown while one is loaded.
const names = new Map();


async function load(address, signal) {
    const project = await api.getProject(address, { signal });

    names.set(project.id, project.name);
    return project;
}


function Missing() {
    return (
        <Page title={t('project.missing')} lead={t('project.missingText')}>
            <LinkButton kind="main" to="/projects">
                {t('projects.title')}
            </LinkButton>
        </Page>
    );
}


// The frame of every page of a project.  params: of the route.  step: the
// current one, if any.  title: of the page; without one, the project's name.
// children: a function that is given the project.
export function ProjectPage({ params, step, title, lead, children, wide }) {
    const { user } = session.get();
    const foreign = isTrying(user) && params.user !== user.userid;
    const address = { id: params.project, userid: params.user,
                      classid: user?.classid };
    const { value: project, error, loading, reload } = useLoaded(
        async (signal) => foreign ? null : load(address, signal),
        [params.project, params.user]);

    // The server takes a visitor's token for no other user: asking would end
    // the visit of a child who opened a friend's link.
    if (foreign || ['missing', 'forbidden'].includes(error?.kind)) {
        return <Missing />;
    }

    const name = project?.name ?? names.get(params.project)
        ?? t('project.title');
    const back = step
        ? { to: projectPath(address), text: name }
        : { to: '/projects', text: t('projects.title') };

    return (
        <Page title={title ?? name} lead={lead}
              back={back} wide={wide}>
            {step && <Steps project={address} current={step} />}
            {loading && <Loading />}
            {error && <ErrorMessage error={error} subject="project"
                                    onRetry={reload} />}
            {project && (findType(project.type)
                ? children(project)
                : <Message><p>{t('project.otherType')}</p></Message>)}
        </Page>
    );
}
